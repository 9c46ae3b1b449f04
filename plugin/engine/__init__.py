"""The refinement rule on NumPy arrays, without FiftyOne and without files.

`refine` is the way in; the other modules hold one idea each.
"""
