package sqlite

import (
	"fmt"
	"syscall"
)

func mountDisk(path string, bytes int) error {
	return syscall.Mount("tmpfs", path, "tmpfs", 0, fmt.Sprint("size=", bytes))
}

func remountDisk(path string, readOnly bool) error {
	flags := uintptr(syscall.MS_REMOUNT)
	if readOnly {
		flags |= syscall.MS_RDONLY
	}
	return syscall.Mount("tmpfs", path, "tmpfs", flags, "")
}

func unmountDisk(path string) error { return syscall.Unmount(path, 0) }
