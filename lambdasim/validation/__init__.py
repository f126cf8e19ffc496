"""Predictions beside published measurements: what the simulator says of experiments that others have made at AWS.

A *measurement* is one published number, a *study* the predictions of one data set, and the *scoreboard* their errors
by kind. Each data set has one file here, which simulates what its authors did and computes what they computed. Nothing
here is fitted: what is, is a default of an era, with its evidence. Measurements are read from a folder and are no part
of the project.
"""
