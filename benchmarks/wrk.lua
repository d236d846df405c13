-- Sends the requests of a file in turn and prints a summary as one line of JSON.
-- Arguments: file of paths, first number, first line of the file to take, then headers by name and
-- value. Each @@ in a path becomes a number that no other request has, so that no cache answers.

local NUMBERS_PER_THREAD = 500000
local threads = 0
local templates, position, number = {}, 0, 0

function setup(thread)
  thread:set("id", threads)
  threads = threads + 1
end

local function split(path)
  local parts, start = {}, 1
  while true do
    local from, to = path:find("@@", start, true)
    parts[#parts + 1] = path:sub(start, from and from - 1)
    if not from then return parts end
    start = to + 1
  end
end

function init(args)
  for line in io.lines(args[1]) do templates[#templates + 1] = split(line) end
  number = tonumber(args[2]) + id * NUMBERS_PER_THREAD
  position = tonumber(args[3]) + id * math.floor(#templates / 2)
  for i = 4, #args, 2 do wrk.headers[args[i]] = args[i + 1] end
end

function request()
  position = position + 1
  number = number + 1
  local parts = templates[position % #templates + 1]
  return wrk.format("GET", table.concat(parts, string.format("%d", number)))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%d,"p99":%d,"connect":%d,"read":%d,' ..
    '"write":%d,"timeout":%d,"status":%d}\n',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50),
    latency:percentile(99), errors.connect, errors.read, errors.write, errors.timeout,
    errors.status))
end
