package tracecorrelationprocessor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/client"
)

// caller is who sent a failure's first error. Its report is sent in the same name.
type caller struct {
	info client.Info
	// identity is equal for callers that differ in their address only; they share batches.
	identity string
}

func callerOf(ctx context.Context) *caller {
	info := client.FromContext(ctx)
	var b strings.Builder
	if info.Auth != nil {
		for _, name := range slices.Sorted(slices.Values(info.Auth.GetAttributeNames())) {
			fmt.Fprintf(&b, "auth %q=%q\n", name, fmt.Sprint(info.Auth.GetAttribute(name)))
		}
	}
	for _, key := range slices.Sorted(info.Metadata.Keys()) {
		fmt.Fprintf(&b, "metadata %q=%q\n", key, info.Metadata.Get(key))
	}
	return &caller{info: info, identity: b.String()}
}

func (c *caller) context(ctx context.Context) context.Context {
	return client.NewContext(ctx, c.info)
}
