package analysis

import (
	"fmt"
	"runtime/debug"
)

// recovered runs f and returns its panic, if any, as an error with the stack.
func recovered(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v\n%s", errPanic, p, debug.Stack())
		}
	}()
	f()
	return nil
}
