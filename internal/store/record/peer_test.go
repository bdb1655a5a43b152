package record_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

func TestRefuses(t *testing.T) {
	for _, tt := range []struct {
		kind signal.SpanKind
		key  string
		data any
		want bool
	}{
		{signal.KindServer, "http.response.status_code", int64(403), true},
		{signal.KindConsumer, "http.status_code", "401", true},
		{signal.KindServer, "http.status_code", int64(404), false},
		{signal.KindServer, "rpc.grpc.status_code", int64(7), true},
		{signal.KindServer, "rpc.grpc.status_code", int64(5), false},
		{signal.KindServer, "rpc.response.status_code", "UNAUTHENTICATED", true},
		{signal.KindServer, "rpc.response.status_code", "PermissionDenied", true},
		{signal.KindServer, "rpc.connect_rpc.error_code", "permission_denied", true},
		{signal.KindServer, "error.type", "403", true},
		{signal.KindClient, "http.response.status_code", int64(403), false},
	} {
		span := &signal.Span{Kind: tt.kind, Attributes: signal.Map{{Key: tt.key, Value: signal.Value{Data: tt.data}}}}
		assert.Equal(t, tt.want, record.Refuses(span), "%+v", tt)
	}
}
