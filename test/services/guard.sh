# Runs one server, and ends it when standard input closes: on purpose, or because the process that held
# its other end is gone, however it died. Then the server's folder goes too.
#     sh guard.sh FOLDER SIGNAL COMMAND [ARGUMENT …]
# The server's output is FOLDER/log. Says "exited CODE" on standard output when the server ends.
folder=$1
signal=$2
shift 2
exec 3<&0
"$@" </dev/null >"$folder/log" 2>&1 3<&- &
server=$!
(
  cat >/dev/null
  kill -s "$signal" $server 2>/dev/null
  waited=0
  while kill -0 $server 2>/dev/null && [ $waited -lt 50 ]; do
    sleep 0.1
    waited=$((waited + 1))
  done
  kill -s KILL $server 2>/dev/null
) <&3 >/dev/null 2>&1 &
trap '' PIPE
wait $server
echo "exited $?" 2>/dev/null
cat <&3 >/dev/null
cd /
rm -rf "$folder"
