// Package rca finds root causes: a classifier for one failing trace and an engine for a case, by
// the rules of docs/verdict.md. It is pure: no I/O, no clock, no randomness, and scores are
// integers, so that the same case gives the same bytes on every machine.
package rca
