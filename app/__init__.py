"""TraceJudge: judges pairs of reasoning traces with LLM judges and reports win rates that can be cited."""

__version__ = "0.1.0"
