// Package rules has the numbers of docs/verdict.md: windows, thresholds, bounds and caps, each with the
// section that says why. It decides nothing: the stages of internal/rca do, and the stores answer what
// they ask within these windows.
package rules
