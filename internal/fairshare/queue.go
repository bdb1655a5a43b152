package fairshare

import "slices"

// Queue holds items that are taken in turns by key, those of one key in order. The zero value is empty. It is
// not safe for concurrent use.
type Queue[T comparable] struct {
	// turns are the keys that have items, in the order of their turns; lines has the items.
	turns []string
	lines map[string][]T
	count int
}

// Add appends an item to the line of its key.
func (q *Queue[T]) Add(key string, item T) {
	if q.lines == nil {
		q.lines = map[string][]T{}
	}
	if len(q.lines[key]) == 0 {
		q.turns = append(q.turns, key)
	}
	q.lines[key] = append(q.lines[key], item)
	q.count++
}

// First returns the item whose turn it is, false where there is none.
func (q *Queue[T]) First() (item T, ok bool) {
	if len(q.turns) == 0 {
		return item, false
	}
	return q.lines[q.turns[0]][0], true
}

// Take removes the first item. The next one of its key waits until each other key has had a turn.
func (q *Queue[T]) Take() {
	key := q.turns[0]
	q.turns = slices.Delete(q.turns, 0, 1)
	q.remove(key, 0)
	if len(q.lines[key]) > 0 {
		q.turns = append(q.turns, key)
	}
}

// Remove takes an item out of the line of its key, and reports whether it was there.
func (q *Queue[T]) Remove(key string, item T) bool {
	i := slices.Index(q.lines[key], item)
	if i < 0 {
		return false
	}
	q.remove(key, i)
	if len(q.lines[key]) == 0 {
		q.turns = slices.DeleteFunc(q.turns, func(k string) bool { return k == key })
	}
	return true
}

func (q *Queue[T]) remove(key string, i int) {
	q.lines[key] = slices.Delete(q.lines[key], i, i+1)
	if len(q.lines[key]) == 0 {
		delete(q.lines, key)
	}
	q.count--
}

// Len returns the number of items.
func (q *Queue[T]) Len() int { return q.count }

// LenOf returns the number of items of one key.
func (q *Queue[T]) LenOf(key string) int { return len(q.lines[key]) }
