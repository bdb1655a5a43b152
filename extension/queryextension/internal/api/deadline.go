package api

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// The listener's timeouts are made for quick answers. An answer that takes longer moves its own.

// extend lets an answer take so long.
func extend(w http.ResponseWriter, by time.Duration) error {
	if err := unhurried(w); err != nil {
		return err
	}
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(by + streamWriteTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("extend the write deadline: %w", err)
	}
	return nil
}

// unhurried takes the read deadline away: when it passes, the server would take the client for
// gone and cancel the request.
func unhurried(w http.ResponseWriter) error {
	err := http.NewResponseController(w).SetReadDeadline(time.Time{})
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return fmt.Errorf("take the read deadline away: %w", err)
	}
	return nil
}
