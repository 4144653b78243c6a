"""revenuer finds, proves, blunts and reports unauthorised distillation of language models.

The package is a house with a folder a part: `find` (logs to campaigns), `report` (a run to a
page), `lab` (made traffic), `cli` (the commands). `tables` is the contract between them.
"""

__version__ = "0.1.0"
