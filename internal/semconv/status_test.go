package semconv_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

func TestIsFromPeer(t *testing.T) {
	for status, want := range map[semconv.Status]bool{
		{}:                                    false,
		{HTTP: 200}:                           true,
		{HTTP: 503}:                           true,
		{RPC: semconv.OK}:                     true,
		{RPC: semconv.Internal}:               true,
		{RPC: semconv.Unavailable}:            false, // gRPC's clients answer so themselves
		{RPC: semconv.DeadlineExceeded}:       false,
		{RPC: semconv.Cancelled}:              false,
		{RPC: semconv.Unavailable, HTTP: 503}: true,
	} {
		assert.Equal(t, want, status.IsFromPeer(), "%+v", status)
	}
}
