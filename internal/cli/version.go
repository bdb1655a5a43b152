package cli

import (
	"cmp"
	"runtime/debug"
)

const unknownVersion = "devel"

// Version names the running build: linked, if the build set it, otherwise what the go command recorded
// (the module's version with go install, the revision with go build).
func Version(linked string) string {
	return cmp.Or(linked, recordedVersion(buildInfo()))
}

// Module returns path with the version this binary was built with, as builder manifests write it.
func Module(path string) string {
	return recordedModule(buildInfo(), path)
}

func buildInfo() *debug.BuildInfo {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info
	}
	return &debug.BuildInfo{}
}

func recordedVersion(info *debug.BuildInfo) string {
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && setting.Value != "" {
			return unknownVersion + "-" + setting.Value[:min(12, len(setting.Value))]
		}
	}
	return unknownVersion
}

func recordedModule(info *debug.BuildInfo, path string) string {
	for _, module := range info.Deps {
		if module.Path == path {
			return path + " " + module.Version
		}
	}
	return path
}
