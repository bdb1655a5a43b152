// Package compose tests the container image and docker-compose.yaml without a container engine: it builds the
// image's file system as the Dockerfile says, reads the Compose file with Compose's own library, and runs
// the same commands with the same environments as ordinary processes, each on a loopback address of its own.
package compose
