"""What the four DAGs share.

settings   places of the data, the engine, Variables and Connections
commands   the command lines of the programs
tasks      the operator that runs them, sensors, limits, pools
callbacks  what is reported of tasks and runs
"""
