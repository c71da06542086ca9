"""Where the channels of images are, unless a layer says."""

from __future__ import annotations

from typing import Any

from convcore.errors import ParameterError

__all__ = ["data_format_word", "image_data_format", "set_image_data_format"]

_chosen = "channels_last"


def image_data_format() -> str:
    """The layout of images for layers without a `data_format`: "channels_last", or what `set_image_data_format` said.

    >>> image_data_format()
    'channels_last'
    """
    return _chosen


def set_image_data_format(data_format: Any) -> None:
    """Let layers made from now on take images in `data_format`: "channels_first" or "channels_last"."""
    global _chosen
    _chosen = data_format_word(data_format)


def data_format_word(value: Any) -> str:
    """`value`, a word in any case, as "channels_last" or "channels_first". ParameterError if it is neither."""
    word = value.lower() if isinstance(value, str) else None
    if word not in ("channels_first", "channels_last"):
        raise ParameterError(
            "The `data_format` argument must be one of {'channels_first', 'channels_last'}. "
            f"Received: data_format={value}"
        )
    return str(word)
