package tracecorrelationprocessor

import (
	"container/heap"
	"hash/maphash"
	"sync"
	"time"
)

// shard has the groups of a part of all keys.
type shard struct {
	mu       sync.Mutex
	groups   map[groupKey]*group
	schedule schedule
}

// shardsFor is the number of shards: a power of two, fewer where few groups are allowed, so that
// dividing them among shards lets none go early.
func shardsFor(maxGroups int) int {
	const most, groupsEach = 16, 64
	n := 1
	for n < most && n*2*groupsEach <= maxGroups {
		n *= 2
	}
	return n
}

var seed = maphash.MakeSeed()

// spread maps a key to a number that chooses its shard. Who makes up trace IDs must not
// be able to choose.
func (k groupKey) spread() uint64 {
	if k.untraced != "" {
		return maphash.String(seed, k.untraced)
	}
	return maphash.Bytes(seed, k.trace[:])
}

// put adds a scheduled group.
func (s *shard) put(g *group, due time.Time) {
	s.groups[g.key] = g
	s.reschedule(g, due)
}

// reschedule schedules a group, whether or not it was.
func (s *shard) reschedule(g *group, due time.Time) {
	g.due = due
	if g.index >= 0 {
		heap.Fix(&s.schedule, g.index)
		return
	}
	heap.Push(&s.schedule, g)
}

// earliest is the group that is due first, nil where none is scheduled.
func (s *shard) earliest() *group {
	if len(s.schedule) == 0 {
		return nil
	}
	return s.schedule[0]
}

// unschedule takes the earliest group off the schedule.
func (s *shard) unschedule() *group { return heap.Pop(&s.schedule).(*group) }

// schedule is a heap of groups by due time.
type schedule []*group

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due.Before(s[j].due) }

func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *schedule) Push(x any) {
	g := x.(*group)
	g.index = len(*s)
	*s = append(*s, g)
}

func (s *schedule) Pop() any {
	last := len(*s) - 1
	g := (*s)[last]
	(*s)[last] = nil
	*s = (*s)[:last]
	g.index = -1
	return g
}
