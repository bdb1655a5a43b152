// Package config holds the configurations ProdSentinel ships. They are plain collector YAML, written
// to be read and copied; the package only hands out the one that is compiled in.
package config

import _ "embed"

//go:embed embedded.yaml
var embedded string

// Embedded returns the configuration that runs when the command is given none: collector YAML,
// environment references not expanded.
func Embedded() string { return embedded }
