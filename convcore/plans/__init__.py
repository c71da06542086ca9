"""Problems to steps: what each op does as kernels over buffers. Ops and programs of models share these."""
