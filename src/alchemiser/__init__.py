"""
Alchemiser runs trading strategies designed as symphonies, independently of where they were designed.

Start reading at `docs/architecture.md`, then `application/workflow.py`.
"""

__version__ = "0.1.0"
