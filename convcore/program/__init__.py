"""Models to programs: a graph of nodes becomes kernel steps over one arena, run by one native call a batch."""

from convcore.program.feed import Feed
from convcore.program.graph import Graph
from convcore.program.loss import LossSpec
from convcore.program.runner import Runner
from convcore.program.values import Value

__all__ = ["Feed", "Graph", "LossSpec", "Runner", "Value"]
