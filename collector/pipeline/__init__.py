"""From journal items to cases. `stages.py` lists the way on one screen; each stage has a module of its own."""
