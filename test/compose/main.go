// Command compose loads a compose file as Docker Compose would and prints the resulting project as JSON.
//
//	go run . <compose file> <environment file>
//
// Only the environment file sets variables. What the Compose specification's loader refuses or warns of (an unknown
// key, a required variable that is not set, a service that does not exist) goes to stderr, and the exit code is 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: go run . <compose file> <environment file>")
	}
	options, err := cli.NewProjectOptions(
		args[:1],
		cli.WithEnvFiles(args[1]),
		cli.WithDotEnv,
		cli.WithDefaultProfiles(),
	)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	json, err := project.MarshalJSON()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(json)
	return err
}
