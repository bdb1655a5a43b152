package compose

import (
	"fmt"
	"os"
	"testing"
)

// imageDir holds what buildImage makes, for all tests.
var imageDir string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if imageDir, err = os.MkdirTemp("", "prodsentinel-image-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(imageDir) }()
	if err := os.Chmod(imageDir, 0o711); err != nil { // for the image's user
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
