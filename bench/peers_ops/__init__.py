"""Single ops in convcore and in PyTorch: the problems by subject, who computes them, and what is printed."""
