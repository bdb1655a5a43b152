package vocabulary

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestStatusesThatATextCites(t *testing.T) {
	for text, want := range map[string]int{
		"503 Service Unavailable": 503, "answered with status 404": 404, "HTTP 502": 502, "Unavailable (503)": 503, "returned an HTTP status code: 429": 429,
		"HttpServerErrorException$BadGateway: 502": 502, "status=200": 0, "order 503 was shipped": 0, "port 5003": 0, "": 0,
	} {
		assert.Equal(t, want, HTTPStatusIn(text), text)
	}
	for text, want := range map[string]string{
		"rpc error: code = PermissionDenied desc = x": "PERMISSION_DENIED", "14 UNAVAILABLE: x": "UNAVAILABLE", "StatusCode.NOT_FOUND": "NOT_FOUND", "7 apples: x": "", "": "",
	} {
		assert.Equal(t, want, RPCStatusIn(text), text)
	}
	assert.Equal(t, "23505", SQLStateIn("ERROR: x (SQLSTATE 23505)"))
	assert.Empty(t, SQLStateIn("the state of Texas"))
}
