// Command shop runs one service of the demo shop.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/prodsentinel/prodsentinel/examples/shop"
)

func main() { os.Exit(run()) }

func run() int {
	if len(os.Args) != 2 {
		fmt.Fprintf(os.Stderr, "usage: shop SERVICE, one of %v\n", shop.Services())
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := shop.Run(ctx, os.Args[1], shop.ConfigFromEnv()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
