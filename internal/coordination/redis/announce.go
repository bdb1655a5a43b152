package redis

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

// announcement is a message on the channel.
type announcement struct {
	From string `json:"from"`
	coordination.Change
}

// Announce tells the subscribers of this process at once, those of others through Redis while it
// can be used.
func (c *Coordinator) Announce(ctx context.Context, change coordination.Change) error {
	if err := c.local.Announce(ctx, change); err != nil {
		return err
	}
	message, err := json.Marshal(announcement{c.id, change})
	if err != nil {
		return fmt.Errorf("announce incident %s: %w", change.IncidentID, err)
	}
	_, err = c.shared(ctx, func(ctx context.Context, p redis.Pipeliner) {
		p.Publish(ctx, c.changesChannel(), message)
	})
	return err
}

// Subscribe also ends when the coordinator is closed.
func (c *Coordinator) Subscribe(ctx context.Context) (<-chan coordination.Change, error) {
	return c.local.Subscribe(ctx)
}

// subscribe returns when the session hears announcements.
func (c *Coordinator) subscribe(s *session) error {
	ctx, cancel := context.WithTimeout(s.ctx, c.options.Timeout)
	defer cancel()
	if err := s.changes.Subscribe(ctx, c.changesChannel()); err != nil {
		return err
	}
	_, err := s.changes.ReceiveTimeout(ctx, c.options.Timeout)
	return err
}

// hear passes on what other processes announce. Heartbeats are answered on the same connection, so
// that a dead one is noticed.
func (c *Coordinator) hear(s *session) error {
	for {
		message, err := s.changes.ReceiveTimeout(s.ctx, 2*heartbeat)
		if err != nil {
			return err
		}
		m, ok := message.(*redis.Message)
		if !ok {
			continue
		}
		var a announcement
		if json.Unmarshal([]byte(m.Payload), &a) != nil || a.From == c.id {
			continue // a check, or one's own
		}
		if err := c.local.Announce(s.ctx, a.Change); err != nil {
			return err
		}
	}
}

func (c *Coordinator) changesChannel() string { return c.key("changes") }
