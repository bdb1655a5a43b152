//go:build !linux

package faults

import "testing"

// disk is a small file system of a test's own, which only Linux has.
type disk struct{ dir string }

func newDisk(testing.TB, int) *disk { return nil }

func (*disk) fill(testing.TB)  {}
func (*disk) empty(testing.TB) {}

const (
	canLimitFiles = false
	unlimited     = 0
)

func limitFiles(testing.TB, int, int64) {}
