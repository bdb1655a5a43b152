package semconv

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVariesByAttempt(t *testing.T) {
	for key, varies := range map[string]bool{
		"retryCount": true, "http.request.resend_count": true, "thread.id": true, "start-time": true, "error.type": true, "server.address": true,
		"account.id": false, "discount": false, "country": false, "entry.id": false, "report.id": false, "timezone": false, "user.id": false, "": false,
	} {
		assert.Equal(t, varies, VariesByAttempt(key), key)
	}
}
