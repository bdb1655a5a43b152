package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestWithoutMessage(t *testing.T) {
	core, logs := observer.New(zap.InfoLevel)
	log := zap.New(core, WithoutMessage("old news")).With(zap.String("k", "v"))
	log.Info("old news of today")
	log.Info("news")
	log.Debug("too small")
	assert.Equal(t, []string{"news"}, messages(logs))
}

func messages(logs *observer.ObservedLogs) (all []string) {
	for _, entry := range logs.All() {
		all = append(all, entry.Message)
	}
	return all
}
