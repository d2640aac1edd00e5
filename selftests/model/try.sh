cd /tmp/model || exit
