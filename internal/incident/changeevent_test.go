package incident_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestChangeOf(t *testing.T) {
	text := func(s string) signal.Value { return signal.Value{Data: s} }
	resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: text("payment")}}}
	tests := map[string]struct {
		event signal.Log
		want  incident.Change
	}{
		"full": {
			event: signal.Log{Resource: resource, Time: 7, Attributes: signal.Map{
				{Key: incident.ChangeAttrID, Value: text("d1")},
				{Key: incident.ChangeAttrKind, Value: text("deploy")},
				{Key: incident.ChangeAttrVersion, Value: text("1.2.3")},
				{Key: incident.ChangeAttrTitle, Value: text("Use the new pool")},
				{Key: incident.ChangeAttrURL, Value: text("https://git.example/d1")},
				{Key: "files", Value: text("pool.go")},
			}},
			want: incident.Change{
				ID: "d1", Time: 7, Service: "payment", Kind: "deploy", Version: "1.2.3",
				Title: "Use the new pool", URL: "https://git.example/d1",
				Attributes: signal.Map{{Key: "files", Value: text("pool.go")}},
			},
		},
		"without time, resource or attributes": {
			event: signal.Log{ObservedTime: 9},
			want:  incident.Change{Time: 9},
		},
		"attributes of other types": {
			event: signal.Log{Attributes: signal.Map{{Key: incident.ChangeAttrKind, Value: signal.Value{Data: int64(1)}}}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, incident.ChangeOf(&tt.event))
		})
	}
}
