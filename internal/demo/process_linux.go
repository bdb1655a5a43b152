package demo

import "syscall"

// childAttributes keeps the terminal's interrupt to the demo, which then stops its children in order, and
// has the kernel stop them should the demo be killed.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
