module tracewarden/bench/tile38

go 1.22

require (
	github.com/tidwall/geojson v1.4.5
	github.com/tidwall/rtree v1.10.0
)

require github.com/tidwall/geoindex v1.7.0 // indirect
