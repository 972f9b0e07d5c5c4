-- For wrk: one request for each token of a file, all prepared before the first is sent.
-- wrk -s tokens.lua URL -- tokens.txt

local requests = {}
local at = 0

function init(args)
   for token in io.lines(args[1]) do
      requests[#requests + 1] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. token })
   end
end

function request()
   at = at % #requests + 1
   return requests[at]
end
