// Package rcaexporter stores signals durably before it answers success, records the failures
// that are reported or found, and runs the workers that find their root cause (package analysis).
// It decides neither what is an error nor what caused it.
package rcaexporter
