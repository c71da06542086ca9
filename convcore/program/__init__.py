"""Models to programs: a graph of nodes becomes kernel steps over one arena, run by one native call a batch."""

from convcore.program.feed import Feed
from convcore.program.graph import Graph, Value
from convcore.program.loss import LossSpec
from convcore.program.runner import Runner

__all__ = ["Feed", "Graph", "LossSpec", "Runner", "Value"]
