package rcaexporter

import "time"

// backlog is the cost of what waits to be committed.
type backlog struct {
	small    map[string]int64 // of small requests, by source
	allSmall int64
	large    int64
}

func (b *backlog) add(source string, cost int64) {
	b.allSmall += cost
	if b.small[source] += cost; b.small[source] == 0 {
		delete(b.small, source)
	}
}

// before is the cost of what is committed before a new request of the source: sources take turns, and small
// requests come before large ones.
func (b *backlog) before(source string, large bool) int64 {
	if large {
		return b.allSmall + b.large
	}
	return min(b.allSmall, b.small[source]*int64(len(b.small)))
}

// pace is the time that a unit of cost takes to commit, as commits of some size show it: in small ones it is the
// sync that takes the time.
type pace struct {
	perByte float64 // in nanoseconds, 0 while it is not known
}

// newest is how much the latest commit counts.
const newest = 0.3

func (p *pace) note(took time.Duration, cost int64) {
	now := float64(took) / float64(cost)
	if p.perByte == 0 {
		p.perByte = now
		return
	}
	p.perByte += newest * (now - p.perByte)
}

// wait estimates how long a new request waits until its commit begins. What runs is expected to take as long
// again as it has: so a store that hangs is noticed.
func (c *committer) wait(source string, large bool) time.Duration {
	var running time.Duration
	if len(c.running) == c.sides {
		for _, since := range c.running {
			if elapsed := time.Since(since); running == 0 || elapsed < running {
				running = elapsed
			}
		}
	}
	return running + time.Duration(c.pace.perByte*float64(c.waiting.before(source, large))/float64(c.sides))
}
