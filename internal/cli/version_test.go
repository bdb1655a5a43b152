package cli

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestVersion(t *testing.T) {
	assert.Equal(t, "v1.2.3", Version("v1.2.3"))
	assert.NotEmpty(t, Version(""))
}

func TestRecordedVersion(t *testing.T) {
	revision := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}}
	tests := map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"go install of a release": {debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}}, "v1.2.3"},
		"go build in a clone":     {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}, Settings: revision}, "devel-0123456789ab"},
		"without version control": {debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "devel"},
		"without build info":      {debug.BuildInfo{}, "devel"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, recordedVersion(&tt.info))
		})
	}
}

func TestRecordedModule(t *testing.T) {
	info := &debug.BuildInfo{Deps: []*debug.Module{{Path: "example.com/a", Version: "v1.2.3"}}}
	assert.Equal(t, "example.com/a v1.2.3", recordedModule(info, "example.com/a"))
	assert.Equal(t, "example.com/b", recordedModule(info, "example.com/b"))
}
