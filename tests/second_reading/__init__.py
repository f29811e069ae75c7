"""A second reading of the specification: ten rules in slow, plain Python, one patient at a time.

It is written from the page and not from the SQL, so that two readings can be held against each other. Days are counted as
whole numbers (`date.toordinal`), because most of the page adds and subtracts days.
"""
