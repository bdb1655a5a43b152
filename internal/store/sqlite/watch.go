package sqlite

import (
	"fmt"
	"os"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// watchInterval is how often the file is looked after, whether anybody uses it or not.
	watchInterval = 2 * time.Second
	// untriedPause is how long no write must have been tried, after one that failed, before the file is
	// looked at in its place.
	untriedPause = 5 * time.Second
)

// watch finds, without any call, that the file is no longer in its place, and that a full disk has room
// again. It ends when the store is closed.
func (s *Store) watch() {
	opened, _ := os.Stat(s.path)
	s.every(watchInterval, func() (done bool) {
		s.checkPlace(opened)
		if s.tracker.Untried(untriedPause) && canWrite(s.path) {
			_ = s.tracker.Wrote(nil)
		}
		return false
	})
}

// checkPlace notes whether the file that was opened is still in its place. What is written to a file that
// was removed or replaced is lost when the process ends, so nothing is.
func (s *Store) checkPlace(opened os.FileInfo) {
	var gone error
	if now, err := os.Stat(s.path); err != nil || !os.SameFile(opened, now) {
		gone = fmt.Errorf("%w: %s was removed or replaced while it was in use; nothing is written any more: put it back, or restart", store.ErrUnavailable, s.path)
	}
	s.mu.Lock()
	changed := (gone == nil) != (s.gone == nil)
	s.gone = gone
	s.mu.Unlock()
	if changed {
		_ = s.tracker.Reached(gone)
	}
}

// lost is why nothing is written any more, nil while the file is in its place.
func (s *Store) lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gone
}
