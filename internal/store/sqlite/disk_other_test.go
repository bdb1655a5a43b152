//go:build !linux

package sqlite

import "errors"

var errNoDisks = errors.New("only done on Linux")

func mountDisk(string, int) error    { return errNoDisks }
func remountDisk(string, bool) error { return errNoDisks }
func unmountDisk(string) error       { return errNoDisks }
