// How fast Tessera's POSIX driver takes entries of 450 bytes: closed loops of callers, each handing
// over its next entry when the one before is durable, or is covered by a published checkpoint.
//
//	tessera FOLDER LOGSIZE CALLERS TOTAL durable|published
//
// Prints one line of JSON. The batch is as large as there are callers and at most 10 ms old; the
// checkpoint interval is the shortest that the driver takes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const entryBytes = 450

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	numbers := make([]int, 3)
	for place := range numbers {
		number, err := strconv.Atoi(arguments[place+1])
		if err != nil {
			return err
		}
		numbers[place] = number
	}
	size, callers, total := numbers[0], numbers[1], numbers[2]
	if err := fill(arguments[0], size); err != nil {
		return err
	}
	syscall.Sync()
	seconds, cpu, latencies, err := loop(arguments[0], callers, total, arguments[4] == "published")
	if err != nil {
		return err
	}
	slices.Sort(latencies)
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"until": arguments[4], "callers": callers, "log_size": size,
		"per_s":             float64(total) / seconds,
		"p50_ms":            milliseconds(latencies[total/2]),
		"p99_ms":            milliseconds(latencies[total*99/100]),
		"cpu_s_per_million": cpu * 1e6 / float64(total),
	})
}

func milliseconds(duration time.Duration) float64 { return float64(duration.Microseconds()) / 1000 }

func appender(
	ctx context.Context, folder string, batch uint,
) (*tessera.Appender, func(context.Context) error, tessera.LogReader, error) {
	key, _, err := note.GenerateKey(reader{}, "bench.example/log")
	if err != nil {
		return nil, nil, nil, err
	}
	signer, err := note.NewSigner(key)
	if err != nil {
		return nil, nil, nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return nil, nil, nil, err
	}
	options := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithBatching(batch, 10*time.Millisecond).
		WithCheckpointInterval(100 * time.Millisecond)
	return tessera.NewAppender(ctx, driver, options)
}

// The key is always the same, so that a second run goes on with the same log.
type reader struct{}

func (reader) Read(data []byte) (int, error) { return len(data), nil }

func entry(number int) *tessera.Entry {
	data := make([]byte, entryBytes)
	copy(data, fmt.Sprintf("entry %d", number))
	return tessera.NewEntry(data)
}

func fill(folder string, size int) error {
	if size == 0 {
		return nil
	}
	ctx := context.Background()
	log, shutdown, _, err := appender(ctx, folder, 4096)
	if err != nil {
		return err
	}
	for first := 0; first < size; first += 4096 {
		var futures []tessera.IndexFuture
		for number := first; number < min(first+4096, size); number++ {
			futures = append(futures, log.Add(ctx, entry(-number-1)))
		}
		for _, future := range futures {
			if _, err := future(); err != nil {
				return err
			}
		}
	}
	return shutdown(ctx)
}

func loop(
	folder string, callers, total int, published bool,
) (float64, float64, []time.Duration, error) {
	ctx := context.Background()
	log, shutdown, source, err := appender(ctx, folder, uint(callers))
	if err != nil {
		return 0, 0, nil, err
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, source.ReadCheckpoint, time.Millisecond)
	latencies := make([]time.Duration, total)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var group sync.WaitGroup
	began, cpu := time.Now(), cpuSeconds()
	for range callers {
		group.Go(func() {
			for {
				number := int(next.Add(1) - 1)
				if number >= total {
					return
				}
				at := time.Now()
				future := log.Add(ctx, entry(number))
				var err error
				if published {
					_, _, err = awaiter.Await(ctx, future)
				} else {
					_, err = future()
				}
				if err != nil {
					failed.Store(&err)
					return
				}
				latencies[number] = time.Since(at)
			}
		})
	}
	group.Wait()
	seconds, used := time.Since(began).Seconds(), cpuSeconds()-cpu
	if err := failed.Load(); err != nil {
		return 0, 0, nil, *err
	}
	return seconds, used, latencies, shutdown(ctx)
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}
