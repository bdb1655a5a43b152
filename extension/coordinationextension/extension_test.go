package coordinationextension

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensiontest"

	"github.com/prodsentinel/prodsentinel/extension/coordinationextension/internal/metadata"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
)

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

type otherExtension struct{ component.Component }

func TestGet(t *testing.T) {
	factory := NewFactory()
	ext, err := factory.Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), &Config{Memory: &MemoryConfig{}})
	require.NoError(t, err)
	require.NoError(t, ext.Start(t.Context(), componenttest.NewNopHost()))

	id, other := component.NewID(metadata.Type), component.MustNewID("other")
	h := host{extensions: map[component.ID]component.Component{id: ext, other: otherExtension{}}}
	coordinator, err := Get(h, id)
	require.NoError(t, err)
	first, err := coordinator.Debounce(t.Context(), "", "k", time.Minute)
	require.NoError(t, err)
	assert.True(t, first)

	_, err = Get(h, other)
	require.ErrorContains(t, err, "no coordination extension")
	_, err = Get(h, component.MustNewID("missing"))
	require.ErrorContains(t, err, "service::extensions")

	require.NoError(t, ext.Shutdown(t.Context()))
	_, err = coordinator.Wait(t.Context(), coordination.QueueFailures, 1, time.Hour)
	require.Error(t, err, "closed with its extension")
}
