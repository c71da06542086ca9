"""The tests mirror the tree of `convcore`; `reference` is the naive oracle and `cases` names the problems."""
