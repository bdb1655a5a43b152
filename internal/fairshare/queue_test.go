package fairshare_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/fairshare"
)

func TestQueueTakesTurnsByKey(t *testing.T) {
	var q fairshare.Queue[string]
	for _, item := range []string{"a1", "a2", "a3", "b1", "c1", "c2"} {
		q.Add(item[:1], item)
	}
	assert.Equal(t, 6, q.Len())
	assert.Equal(t, 3, q.LenOf("a"))
	assert.True(t, q.Remove("c", "c1"))
	assert.False(t, q.Remove("c", "c1"))
	var order []string
	for {
		item, ok := q.First()
		if !ok {
			break
		}
		q.Take()
		order = append(order, item)
		if item == "b1" {
			q.Add("b", "b2")
		}
	}
	assert.Equal(t, []string{"a1", "b1", "c2", "a2", "b2", "a3"}, order)
	assert.Zero(t, q.Len())

	q.Add("a", "again")
	assert.True(t, q.Remove("a", "again"))
	_, ok := q.First()
	assert.False(t, ok)
}
