package demo

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// childEnv makes the test's executable play a process that the demo starts.
const childEnv = "DEMO_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		playChild(os.Getenv(childEnv))
		return
	}
	goleak.VerifyTestMain(m)
}

func playChild(role string) {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Println("first line\nas", role, os.Getenv("PRODSENTINEL_URL"))
	if role == "waits" {
		<-stop
		fmt.Println("stopped in order")
	}
}
